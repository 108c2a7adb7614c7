"""Words of other languages and short forms, and the English ones they stand for.

German, French, Spanish, Italian, Portuguese and Dutch, without accents, as columns are named.
A word that is missing here is unknown, and unknown words never make anything less strict.
"""

_PAIRS = """
remetente=sender; membro=member; membros=member; mensagens=message; configuracao=setting
avaliacao=review; cupom=coupon; cargo=job; bairro=district; lido=read; lida=read; corpo=body
endereco=address; enderecos=address; funcionarios=employee; pedidos=order; corso=course
medikament=medication; medicijn=medication; huurder=resident; huurders=resident; woning=home
melding=report; gebruikersnaam=username; inquilino=resident; inquilini=resident
segnalazione=report; segnalazioni=report; medico=doctor; anvandare=user; bruker=user; brukere=user
bruger=user; brugere=user; kund=customer; kunder=customer; pasient=patient; pasienter=patient
fornamn=first name; fornavn=first name; efternamn=last name; etternavn=last name
efternavn=last name; fodselsdato=birth date; fodelsedatum=birth date; fodselsnummer=national id
personnummer=national id; postnummer=postal code; losenord=password; passord=password
uzytkownik=user; uzytkownicy=user; klient=customer; klienci=customer; pacjent=patient
pacjenci=patient; imie=first name; nazwisko=last name; ulica=street; miasto=city; utilizador=user
utilizadores=user; sobrenombre=nickname; domicilio=address; inkomen=income; absender=sender
empfaenger=recipient; verfasser=author; besitzer=owner; ersteller=creator; expediteur=sender
destinataire=recipient; auteur=author; proprietaire=owner; createur=creator; remitente=sender
destinatario=recipient; autor=author; propietario=owner; creador=creator; conducteur=driver
conductor=driver; fahrer=driver; pasajero=passenger; passager=passenger; maladie=illness
krankheit=illness; enfermedad=illness; ordonnance=prescription; receta=prescription
vorname=first name; rufname=first name; nachname=last name; familienname=last name
zuname=last name; katalog=catalog; catalogue=catalog; catalogo=catalog; geburtsname=last name
geburtsdatum=birth date; geburtstag=birth date; geburtsort=birth place; geburt=birth
anrede=salutation; titel=title; geschlecht=gender; familienstand=marital status
staatsangehoerigkeit=nationality; staatsangehorigkeit=nationality; nationalitaet=nationality
nationalitat=nationality; strasse=street; hausnummer=street number; plz=postal code
postleitzahl=postal code; ort=city; wohnort=city; stadt=city; bundesland=region; land=country
anschrift=address; adresse=address; telefon=phone; telefonnummer=phone; handy=phone; mobil=phone
rufnummer=phone; mail=email; epost=email; kennwort=password; passwort=password
benutzername=username; benutzer=user; nutzer=user; anwender=user; mitglied=member
mitglieder=member; kunde=customer; kunden=customer; kundin=customer; kundennummer=customer number
mitarbeiter=employee; angestellter=employee; beschaeftigte=employee; personal=employee
patienten=patient; patientin=patient; versicherter=insured; mieter=tenant person; schueler=student
lehrer=teacher; arzt=doctor; aerzte=doctor; gehalt=salary; lohn=salary; kontonummer=account number
konto=account; konten=account; bankverbindung=bank account; betrag=amount; preis=price
movimiento=movement; movimientos=movement; rechnung=invoice; rechnungen=invoice; bestellung=order
bestellungen=order; auftrag=order; auftraege=order; zahlung=payment; zahlungen=payment
steuernummer=tax number; steuerid=tax number; sozialversicherungsnummer=social security number
krankenkasse=health insurance; krankenversicherung=health insurance; diagnose=diagnosis
diagnosen=diagnosis; befund=diagnosis; blutgruppe=blood group; allergien=allergy
konfession=religion; gewicht=weight; groesse=height; bemerkung=remark; bemerkungen=remark
notiz=note; notizen=note; kommentar=comment; nachricht=message; nachrichten=message
inhalt=content; anzahl=count; menge=quantity; datum=date; uhrzeit=time; zeit=time
erstellt=created; angelegt=created; geaendert=updated; geandert=updated; aktualisiert=updated
geloescht=deleted; aktiv=active; gesperrt=locked; freigegeben=approved; gueltig=valid
bezeichnung=name; beschreibung=description; nummer=number; nr=number; kategorie=category
kategorien=category; produkt=product; produkte=product; artikel=product; lager=warehouse
lieferant=supplier; lieferanten=supplier; firma=company; abteilung=department
abteilungen=department; vertrag=contract; vertraege=contract; standort=location; sprache=language
waehrung=currency; wahrung=currency; einstellung=setting; einstellungen=setting; rolle=role
rollen=role; gruppe=group; gruppen=group; art=type; typ=type; reihenfolge=position
laender=country; staedte=city; bild=image; foto=photo; unterschrift=signature
ausweisnummer=identity card number; reisepass=passport; eintritt=hire; eintrittsdatum=hire date
austrittsdatum=leave date; anmeldung=login; termin=appointment; termine=appointment
behandlung=treatment; behandlungen=treatment; prenom=first name; nom=name; nomfamille=last name
patronyme=last name; naissance=birth; datenaissance=birth date; sexe=gender; civilite=salutation
nationalite=nationality; rue=street; voie=street; codepostal=postal code; cp=postal code
ville=city; villes=city; pays=country; telephone=phone; tel=phone; portable=phone; courriel=email
motdepasse=password; mdp=password; utilisateur=user; identifiant=username; membre=member
adherent=member; personne=person; personnel=employee; employe=employee; salarie=employee
patiente=patient; malade=patient; etudiant=student; eleve=student; enseignant=teacher
medecin=doctor; salaire=salary; montant=amount; prix=price; facture=invoice; commande=order
paiement=payment; compte=account; numero=number; num=number; securitesociale=social security
remarque=remark; commentaire=comment; contenu=content; messagerie=message; quantite=quantity
cree=created; creation=created; modifie=updated; modification=updated; maj=updated
supprime=deleted; actif=active; valide=valid; libelle=name; intitule=title; categorie=category
produit=product; fournisseur=supplier; societe=company; entreprise=company; contrat=contract
langue=language; devise=currency; parametre=setting; reglage=setting; groupe=group; ordre=position
heure=time; etat=status; statut=status; poids=weight; taille=height; nombre=name
nombres=first name; apellido=last name; apellidos=last name; nacimiento=birth; sexo=gender
genero=gender; nacionalidad=nationality; calle=street; direccion=address; codigopostal=postal code
ciudad=city; provincia=region; pais=country; telefono=phone; movil=phone; correo=email
contrasena=password; contrasenia=password; clave=password; usuario=user; usuarios=user
miembro=member; socio=member; cliente=customer; clientes=customer; persona=person; personas=person
empleado=employee; empleados=employee; trabajador=employee; paciente=patient; pacientes=patient
alumno=student; estudiante=student; profesor=teacher; sueldo=salary; salario=salary
importe=amount; precio=price; factura=invoice; facturas=invoice; pedido=order; pago=payment
pagos=payment; cuenta=account; cuentas=account; dni=national id; nif=national id; nie=national id
cedula=national id; curp=national id; rfc=tax number; observaciones=remark; observacion=remark
nota=note; comentario=comment; mensaje=message; mensajes=message; contenido=content
cantidad=quantity; fecha=date; hora=time; creado=created; creacion=created; actualizado=updated
actualizacion=updated; eliminado=deleted; activo=active; descripcion=description
categoria=category; categorias=category; producto=product; productos=product; proveedor=supplier
empresa=company; departamento=department; contrato=contract; idioma=language; moneda=currency
ajuste=setting; rol=role; grupo=group; tipo=type; orden=position; estado=status; peso=weight
imagen=image; cita=appointment; citas=appointment; tratamiento=treatment; diagnostico=diagnosis
nome=name; cognome=last name; nascita=birth; sesso=gender; indirizzo=address; citta=city
cap=postal code; paese=country; cellulare=phone; posta=email; utente=user; utenti=user
clienti=customer; dipendente=employee; paziente=patient; stipendio=salary; importo=amount
prezzo=price; fattura=invoice; ordine=order; pagamento=payment; conto=account
codicefiscale=tax number; messaggio=message; contenuto=content; creato=created; aggiornato=updated
attivo=active; descrizione=description; prodotto=product; fornitore=supplier; azienda=company
lingua=language; stato=status; quantita=quantity; sobrenome=last name; nascimento=birth
rua=street; cidade=city; cep=postal code; telefone=phone; celular=phone; senha=password
funcionario=employee; cpf=national id; rg=national id; valor=value; preco=price; fatura=invoice
conta=account; mensagem=message; conteudo=content; quantidade=quantity; criado=created
atualizado=updated; ativo=active; descricao=description; produto=product; fornecedor=supplier
voornaam=first name; achternaam=last name; geboortedatum=birth date; geslacht=gender
straat=street; postcode=postal code; plaats=city; telefoonnummer=phone; telefoon=phone
wachtwoord=password; gebruiker=user; klant=customer; klanten=customer; medewerker=employee
werknemer=employee; salaris=salary; bedrag=amount; prijs=price; factuur=invoice; bestelling=order
betaling=payment; rekening=account; bsn=national id; opmerking=remark; bericht=message
inhoud=content; aantal=count; aangemaakt=created; gewijzigd=updated; actief=active
omschrijving=description; addr=address; adr=address; pwd=password; passwd=password; pass=password
pw=password; passcode=password; passphrase=password; msisdn=phone; mobile=phone; cell=phone
cellphone=phone; fname=first name; lname=last name; mname=middle name; givenname=first name
forename=first name; surname=last name; familyname=last name; maidenname=last name
firstname=first name; lastname=last name; fullname=full name; nicename=nickname; nick=nickname
displayname=display name; userid=user id; uname=username; emailaddress=email; zip=postal code
zipcode=postal code; dob=birth date; birthdate=birth date; birthday=birth date; bday=birth date
birthplace=birth place; sex=gender; ssn=social security number; nin=national id; nid=national id
vat=tax; tin=tax number; ein=tax number; swift=bic; cc=credit card; cvv=card code; cvc=card code
pan=card number; acct=username; lat=latitude; lng=longitude; lon=longitude; geom=geometry
coord=coordinate; gps=coordinate; ua=user agent; useragent=user agent; ipaddress=ip; ipaddr=ip
ipv=ip; mac=device; imei=device id; imsi=device id; udid=device id; idfa=device id; gaid=device id
guid=uuid; ts=time; tstamp=time; timestamp=time; datetime=time; dt=date; qty=quantity; cnt=count
amt=amount; desc=description; descr=description; cat=category; lang=language; tz=time zone
timezone=time zone; pic=picture; img=image; msg=message; txt=text; cmt=comment; ref=reference
seq=position; ord=position; no=number; org=organisation; organization=organisation
dept=department; emp=employee; cust=customer; usr=user; ppl=person; people=person; staff=employee
children=child; kids=child; kinder=child; enfants=child; hijos=child; colour=color
favourite=favorite; enrolment=enrollment; cancelled=canceled; licence=license; modified=updated
changed=updated; inserted=created; added=created; lastmodified=updated; lastupdate=updated
last_update=updated; mtime=updated; ctime=created; atime=access time; activebool=active
filename=file name; filepath=file path; filesize=file size; mimetype=mime type; hostname=host name
homepage=website; uri=url; href=url; md=hash; sha=hash
"""

FOREIGN = {
    word.strip(): tuple(english.split())
    for line in _PAIRS.splitlines()
    for word, _, english in (pair.partition("=") for pair in line.split(";"))
    if word.strip()
}
"""One word to one or more English ones."""
